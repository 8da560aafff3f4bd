# Transparency (RFC 5321 §4.5.2) is undone exactly once.
covers 4

case lines of dots come back as they were meant
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: dots\r\n\r\n..\r\n...\r\n....\r\n.. x\r\nx.\r\n\r\n..\r\n.\r\n"
S: 250 2.0.0
C: MAIL FROM:<eve@remote.example>
S: 250
C: QUIT
S: 221
closed
mailbox INBOX has 1
mailbox INBOX last ends "Subject: dots\r\n\r\n.\r\n..\r\n...\r\n. x\r\nx.\r\n\r\n.\r\n"
connect pop3s
log-in
C: RETR 1
S: +OK
S. .*^Subject: dots\r\n\r\n\.\.\r\n\.\.\.\r\n\.\.\.\.\r\n\.\. x\r\nx\.\r\n\r\n\.\.\r\n

case content that begins with the final dot is empty
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send ".\r\n"
S: 250 2.0.0
C: QUIT
S: 221
mailbox INBOX has 1
