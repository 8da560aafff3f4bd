# Commands out of order change nothing, or reset everything (RFC 5321 §4.1.4).
covers 15 16 23

case before the greeting: %EACH%
each "MAIL FROM:<a@b.example>" "RCPT TO:<%USER%>" "DATA" "STARTTLS" "AUTH PLAIN %PLAIN%"
connect smtp
C: %EACH%
S~ 50[23] 5\.5\.1 
wait
C: QUIT
S: 221

case without a transaction
connect smtp hello
C: RCPT TO:<%USER%>
S: 503
C: DATA
S: 503
wait
C: MAIL FROM:<eve@remote.example>
S: 250
C: DATA
S: 503
wait
C: MAIL FROM:<eve@remote.example>
S: 503
C: VRFY ada
S: 252
wait
C: STARTTLS
S: 503
wait
C: AUTH PLAIN %PLAIN%
S~ 50[23] 
wait
C: RCPT TO:<%USER%>
S: 250
C: RSET
S: 250
C: DATA
S: 503
wait
C: QUIT
S: 221
closed
mailbox INBOX has 0

case nothing of a transaction outlives %EACH%
each "RSET" "EHLO client.example" "HELO client.example"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: %EACH%
S: 250
wait
C: RCPT TO:<%USER%>
S: 503
wait
C: DATA
S: 503
wait
C: QUIT
S: 221

case AUTH within a transaction
connect submissions hello
log-in
C: MAIL FROM:<%USER%>
S: 250
C: AUTH PLAIN %PLAIN%
S: 503
wait
C: RCPT TO:<%USER%>
S: 250
C: QUIT
S: 221

case no TLS inside of TLS, and none after a login
connect submissions hello
C: STARTTLS
S: 503
wait
log-in
C: STARTTLS
S: 503
wait
C: AUTH PLAIN %PLAIN%
S: 503
wait
C: QUIT
S: 221

case a refusal at the end of data ends the transaction
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Received: from a.example by b.example; Mon, 02 Mar 2026 10:00:00 +0000\r\n"*101 "\r\nbody\r\n.\r\n"
S: 554 5.4.6
C: RCPT TO:<%USER%>
S: 503
C: DATA
S: 503
wait
C: QUIT
S: 221
mailbox INBOX has 0

case and so does success
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: one\r\n\r\nbody\r\n.\r\n"
S: 250
C: RCPT TO:<%USER%>
S: 503
C: DATA
S: 503
wait
C: QUIT
S: 221
mailbox INBOX has 1

case EHLO, transaction and login are forgotten at STARTTLS
connect submission hello
C: MAIL FROM:<%USER%>
S: 530
C: STARTTLS
S: 220
wait
starttls
C: AUTH PLAIN %PLAIN%
S: 503
wait
C: EHLO client.example
S~ 250-(?!.*STARTTLS).*AUTH SCRAM-SHA-256-PLUS .* PLAIN
wait
C: RCPT TO:<%USER%>
S: 503
C: QUIT
S: 221
