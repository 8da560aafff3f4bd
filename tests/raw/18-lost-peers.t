# A peer that goes in the middle leaves nothing behind.
covers 18 20

case RST in the middle of content
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: half\r\n\r\n" "x"*5000 "\r\n"
wait
reset
logged
mailbox INBOX has 0

case half-close in the middle of content: %EACH%
each "body" "body\r\n" "body\r\n." "body\r\n.\r"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: half\r\n\r\n%EACH%"
wait
half-close
closed
logged
mailbox INBOX has 0

case half-close behind the end of content
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: whole\r\n\r\nbody\r\n.\r\n"
wait
half-close
S: 250 2.0.0
closed
mailbox INBOX has 1

case the peer is gone behind the end of content: stored all the same
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: whole\r\n\r\nbody\r\n.\r\n"
wait
close
logged
log has "smtp_message_accepted .*from=eve@remote.example"
mailbox INBOX has 1

case plain text behind TLS's close_notify is never read
connect submissions hello
log-in
C: MAIL FROM:<%USER%>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: half\r\n\r\nbody\r\n"
wait
unwrap
send ".\r\nNOOP\r\n"
logged
mailbox INBOX has 0

case half of a command, and gone
connect smtp hello
send "MAIL FROM:<eve@remote"
wait
half-close
closed
logged
