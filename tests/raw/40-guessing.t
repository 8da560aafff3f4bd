# Who guesses passwords is slowed down and then turned away unseen, and nobody else notices. On this host two failures are
# allowed and four bring the ban. Each case has two addresses of its own, %HERE% and %THERE%.
covers 40
host guarded

case submission: slower, then turned away, and the other address is served
repeat 3
connect submission hello from=%HERE%
C: AUTH PLAIN %GUESS%
S: 535 5.7.8
wait
end
connect submission hello from=%HERE%
timer start
C: AUTH PLAIN %GUESS%
S: 535 5.7.8
wait
timer over 1.9
C: AUTH PLAIN %PLAIN%
S: 421 4.7.0 Too many failed logins from your network
closed
log has "network_banned network=%HERE% "
connect submission hello from=%THERE%
timer start
log-in
timer under 1
connect submission hello from=%HERE%
C: AUTH LOGIN
S: 334
wait
C: %USER64%
S: 334
wait
C: %PASS64%
S: 421 4.7.0 Too many failed logins from your network
closed
log has "login_turned_away .*remote_ip=%HERE% "

case imap: slower, then turned away, and the ban holds for submission too
repeat 4
connect imaps from=%HERE%
C: a LOGIN guess-%USER% wrong
S: a NO [AUTHENTICATIONFAILED]
end
connect imaps from=%HERE%
C: a LOGIN %USER% %PASS%
S: * BYE [UNAVAILABLE] Too many failed logins from your network
S: a NO [UNAVAILABLE]
closed
connect submission hello from=%HERE%
C: AUTH PLAIN %PLAIN%
S: 421 4.7.0
closed
connect imaps from=%THERE%
log-in
C: b NOOP
S: b OK

case pop3: slower, then turned away
repeat 4
connect pop3s from=%HERE%
C: AUTH PLAIN %GUESS%
S: -ERR [AUTH]
end
connect pop3s from=%HERE%
C: USER %USER%
S: +OK
C: PASS %PASS%
S: -ERR [SYS/TEMP] Too many failed logins from your network
closed
connect pop3s from=%THERE%
log-in
C: QUIT
S: +OK
closed

case many guesses at one account at once are put off unseen, and the other address is served meanwhile
segments exact
crowd 40 imap from=%HERE% "a LOGIN guess-%USER% wrong\r\n"
connect imaps from=%THERE%
timer start
log-in
timer under 1
crowd told 60 "a NO ["
log has "login_put_off .*remote_ip=%HERE% "
log lacks "failures=[5-9]"
drop crowd

case a network that an admin banned, until it is taken back
mailctl 0 "ban add %HERE% --for 1h --reason noise"
connect imaps from=%HERE%
C: a AUTHENTICATE PLAIN %PLAIN%
S: * BYE [UNAVAILABLE] Too many failed logins from your network
S: a NO [UNAVAILABLE]
closed
mailctl 0 "ban rm %HERE%"
connect imaps from=%HERE%
log-in

case sessions that are there do not notice a ban
connect imaps from=%HERE%
log-in
mailctl 0 "ban add %HERE% --for 1h"
C: b NOOP
S: b OK
mailctl 0 "ban rm %HERE%"
