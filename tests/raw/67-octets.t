# 8-bit content is taken as it is, announced or not.
covers 67 68

case 8-bit without 8BITMIME
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: \xe9\r\n\r\nX5O!P%@AP[4\\PZX54(P^)7CC)7}$ \x80\xff\xfe\x1b\x7f\r\n.\r\n"
S: 250
C: QUIT
S: 221
mailbox INBOX last ends "Subject: \xe9\r\n\r\nX5O!P%@AP[4\\PZX54(P^)7CC)7}$ \x80\xff\xfe\x1b\x7f\r\n"

case a message that was here already
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Delivered-To: %USER%\r\nSubject: again\r\n\r\nbody\r\n.\r\n"
S: 554 5.4.6
C: QUIT
S: 221
mailbox INBOX has 0

case a hundred hops are taken
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Received: from a.example by b.example; Mon, 02 Mar 2026 10:00:00 +0000\r\n"*100 "\r\nbody\r\n.\r\n"
S: 250
C: QUIT
S: 221
mailbox INBOX has 1
