# Exchanges that are none, and logins that fail.
covers 33 34 35 36

case no exchange: AUTH PLAIN %EACH%
each "=" "AGE" "AGE=" "AGEA====" "!!!!" "AGEAYg==x" "AGEAYgBj" "YQ==" "AABi" "AP/+AGI=" "/////w==" "A G E A" "AGEAYg= ="
connect submission hello
C: AUTH PLAIN %EACH%
S~ 501 5\.5\.[24]
wait
log-in
C: QUIT
S: 221
closed

case the same as second line: %EACH%
each "" "=" "AGE" "!!!!" "AGEAYgBj" "YQ==" "NOOP" "RSET" "STARTTLS" "\0" "A\rB"
connect submission hello
C: AUTH PLAIN
S: 334
wait
C: %EACH%
S: 501 5.5.2
wait
log-in
C: QUIT
S: 221
closed

case cancelled at each step
connect submission hello
C: AUTH PLAIN
S: 334
wait
C: *
S: 501 5.7.0
wait
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
wait
C: *
S: 501 5.7.0
wait
C: AUTH LOGIN
S: 334
wait
C: %USER64%
S: 334 UGFzc3dvcmQ6
wait
C: *
S: 501 5.7.0
wait
C: AUTH LOGIN
S: 334
wait
C: %USER64%
S: 334
wait
C: %PASS64%
S: 235
wait
C: QUIT
S: 221

case another mechanism: %EACH%
each "XYZZY" "EXTERNAL =" "CRAM-MD5" "GSSAPI" "SCRAM-SHA-512 biws" "SCRAM-SHA-256-PLUS biws" "ANONYMOUS"
connect submission hello
C: AUTH %EACH%
S: 504 5.5.4
wait
C: QUIT
S: 221

case more than RFC 4954 allows
segments exact
connect submission hello
send "AUTH PLAIN " "A"*12289 "\r\n"
S~ 50[01] 5\.5\.[26]
C: AUTH PLAIN
S: 334
send "A"*12289 "\r\n"
S~ 50[01] 5\.5\.[26]
C: AUTH PLAIN
S: 334
send "A"*1000000 "\r\n"
S: 421 4.7.0
closed

case as another user
connect imaps
C: a AUTHENTICATE PLAIN cmF3MEBleGFtcGxlLm9yZwByYXcxQGV4YW1wbGUub3JnAHg=
S: a NO [AUTHENTICATIONFAILED]
C: b NOOP
S: b OK

case unknown user and wrong password are told alike
connect submission hello
C: AUTH PLAIN AG5vYm9keUBleGFtcGxlLm9yZwB3cm9uZw==
S: 535 5.7.8 Authentication credentials invalid
wait
C: AUTH LOGIN
S: 334
wait
C: %USER64%
S: 334
wait
C: d3Jvbmc=
S: 535 5.7.8 Authentication credentials invalid
wait
C: QUIT
S: 221
closed

case names that ask for something: %EACH%
segments exact
each "' OR '1'='1" "*)(uid=*" "%" "*" "x\\\"" "$(id)" "%s%s%n" "../../x"
connect imaps
C: a LOGIN "%EACH%" "%PASS%"
S: a NO [AUTHENTICATIONFAILED]

case passwords of 0, 1024 and 4096 octets
segments exact
connect imaps
C: a LOGIN "%USER%" ""
S: a NO [AUTHENTICATIONFAILED]
connect imaps
send "a LOGIN \"%USER%\" \"" "p"*1025 "\"\r\n"
S: a NO [AUTHENTICATIONFAILED]
connect imaps
send "a LOGIN \"%USER%\" \"" "p"*4096 "\"\r\n"
S: a NO [AUTHENTICATIONFAILED]
connect imaps
log-in

case imap: no exchange: %EACH%
each "" "=" "AGE" "!!!!" "AGEAYgBj" "YQ==" "*" "b NOOP" "\0" "A\rB"
connect imaps
C: a AUTHENTICATE PLAIN
S: + 
wait
C: %EACH%
S: a BAD
C: b NOOP
S: b OK

case pop3: no exchange: AUTH PLAIN %EACH%
each "=" "AGE" "AGE=" "AGEA====" "!!!!" "AGEAYg==x" "AGEAYgBj" "YQ==" "AABi" "AP/+AGI=" "A G E A" "AGEAYg= ="
connect pop3s
C: AUTH PLAIN %EACH%
S: -ERR
wait
log-in
C: QUIT
S: +OK
closed

case pop3: the same as second line: %EACH%
each "" "=" "AGE" "!!!!" "AGEAYgBj" "YQ==" "*" "NOOP" "STLS" "\0" "A\rB"
connect pop3s
C: AUTH PLAIN
S: + 
wait
C: %EACH%
S: -ERR
wait
log-in
C: QUIT
S: +OK
closed

case pop3: AUTH LOGIN step by step, other mechanisms, and more than RFC 4954 allows
segments exact
connect pop3s
C: AUTH SCRAM-SHA-512 biws
S: -ERR This mechanism is not offered
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: *
S: -ERR Authentication cancelled
C: AUTH PLAIN
S: + 
send "A"*12289 "\r\n"
S: -ERR
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: %USER64%
S: + UGFzc3dvcmQ6
C: %PASS64%
S: +OK
C: QUIT
S: +OK
closed

case pop3: unknown user and wrong password are told alike
connect pop3s
C: USER nobody@example.org
S: +OK
C: PASS wrong
S: -ERR [AUTH] Authentication failed
wait
C: USER %USER%
S: +OK
C: PASS wrong
S: -ERR [AUTH] Authentication failed
wait
C: QUIT
S: +OK
closed

case exchanges that are left in the middle take no memory
segments exact
alone
repeat 100
connect submission hello
C: AUTH LOGIN
S: 334
C: %USER64%
S: 334
close
connect imaps
C: a AUTHENTICATE PLAIN
S: +
reset
memory seen
end
memory mark
repeat 400
connect submission hello
C: AUTH LOGIN
S: 334
C: %USER64%
S: 334
close
connect imaps
C: a AUTHENTICATE PLAIN
S: +
reset
memory seen
end
memory grew less 512 KiB
