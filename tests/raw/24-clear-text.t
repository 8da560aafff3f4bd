# No password in the clear: not offered, not checked, not logged. No line of a plain-text session claims to be more than it is.
covers 24 25
host strict

case smtp does not offer AUTH, submission not before TLS
connect smtp
C: EHLO client.example
S~ 250-(?!.*AUTH)
wait
C: AUTH PLAIN %PLAIN%
S: 502
wait
C: QUIT
S: 221
connect submission
C: EHLO client.example
S~ 250-(?!.*AUTH).*STARTTLS
wait
C: AUTH PLAIN %PLAIN%
S: 538 5.7.11
wait
C: AUTH LOGIN
S: 538 5.7.11
wait
C: MAIL FROM:<%USER%>
S: 530 5.7.0 Must issue a STARTTLS
C: QUIT
S: 221
closed
logged
log lacks "(authcid|account)=%USER%"

case imap
connect imap mute
S~ \* OK \[CAPABILITY (?=.*LOGINDISABLED)(?!.*AUTH=)(?!.*PREAUTH)(?!.*ALERT)
C: a LOGIN %USER% %PASS%
S: a NO [PRIVACYREQUIRED]
C: b LOGIN %USER% {6+}
C: wrong!
S: b NO [PRIVACYREQUIRED]
C: c AUTHENTICATE PLAIN %PLAIN%
S: c NO [PRIVACYREQUIRED]
C: d AUTHENTICATE PLAIN
S: d NO [PRIVACYREQUIRED]
C: e SELECT INBOX
S: e BAD
C: f LOGOUT
S: * BYE
S: f OK
closed
logged
log lacks "(authcid|account)=%USER%"

case pop3
connect pop3
C: CAPA
S: +OK
S. (?=.*^STLS\r$)(?!.*^(USER|SASL)).*
C: USER %USER%
S: -ERR Use STLS first
C: PASS %PASS%
S: -ERR Use STLS first
C: AUTH PLAIN %PLAIN%
S: -ERR Use STLS first
C: AUTH LOGIN
S: -ERR Use STLS first
C: STAT
S: -ERR
C: QUIT
S: +OK
closed
logged
log lacks "(authcid|account)=%USER%"
