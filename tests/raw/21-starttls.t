# What came in the clear must never be taken for what comes under TLS (RFC 3207 §4.2). Where the cut is, is what this is about.
covers 21 22
segments exact

case a command in one segment with STARTTLS: smtp
connect smtp hello
send "STARTTLS\r\nEHLO injected.example\r\n"
S: 421 4.7.0
closed

case a command in one segment with STARTTLS: submission
connect submission hello
send "STARTTLS\r\nMAIL FROM:<injected@remote.example>\r\n"
S: 421 4.7.0
closed

case a half command in one segment with STARTTLS
connect smtp hello
send "STARTTLS\r\nE"
S: 421 4.7.0
closed

case a command in one segment with STARTTLS: imap
connect imap
send "a STARTTLS\r\nb LOGIN x y\r\n"
S: * BYE
S: a BAD
closed

case a half command in one segment with STARTTLS: imap
connect imap
send "a STARTTLS\r\nb"
S: * BYE
S: a BAD
closed

case what follows later is no handshake, and nobody answers it: smtp
connect smtp hello
C: STARTTLS
S: 220
send "EHLO injected.example\r\nNOOP\r\n"
logged
log lacks injected

case what follows later is no handshake, and nobody answers it: imap
connect imap
C: a STARTTLS
S: a OK
send "b LOGIN x y\r\nc NOOP\r\n"
logged
log lacks "authcid=x[ \n]"

case octet by octet, with a pause at each
connect smtp hello
trickle "STARTTLS\r\n" 0.01
S: 220
trickle "EHLO injected.example\r\n" 0.01
logged
log lacks injected

case a handshake in octets, and everything is as new
connect smtp hello
C: STARTTLS
S: 220
starttls
C: MAIL FROM:<eve@remote.example>
S: 503 5.5.1 Greet first
C: EHLO client.example
S~ 250-(?!.*STARTTLS)
C: STARTTLS
S: 503
C: QUIT
S: 221
closed

case imap: a handshake, and STARTTLS is not offered again
connect imap
C: a CAPABILITY
S~ \* CAPABILITY (?=.*STARTTLS)
S: a OK
C: b STARTTLS
S: b OK
starttls
C: c CAPABILITY
S~ \* CAPABILITY (?!.*(STARTTLS|LOGINDISABLED))
S: c OK
C: d STARTTLS
S: d BAD
log-in
C: e STARTTLS
S: e BAD
C: f LOGOUT
S: * BYE
S: f OK
closed

case a command in one segment with STLS
connect pop3
send "STLS\r\nUSER injected\r\n"
S: -ERR
closed

case a half command in one segment with STLS
connect pop3
send "STLS\r\nU"
S: -ERR
closed

case what follows later is no handshake, and nobody answers it: pop3
connect pop3
C: STLS
S: +OK
send "USER injected\r\nPASS x\r\n"
logged
log lacks "authcid=injected"

case pop3: a handshake, everything is as new, and STLS is not offered again
connect pop3
C: USER %USER%
S: +OK
C: STLS
S: +OK
starttls
C: PASS %PASS%
S: -ERR USER comes first
C: CAPA
S: +OK
S. (?!.*^STLS).*
C: STLS
S: -ERR
log-in
C: STLS
S: -ERR
C: QUIT
S: +OK
closed
