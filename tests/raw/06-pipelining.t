# Who sends before the reply to wait for is not in step with us (RFC 2920 §3.1). Where the cut is, is what this is about.
covers 6
segments exact

case content in one segment with DATA, without EHLO
connect smtp
C: HELO client.example
S: 250
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "DATA\r\nSubject: early\r\n\r\nbody\r\n.\r\n"
S: 421 4.7.0
closed
logged
mailbox INBOX has 0

case commands in one segment without EHLO
connect smtp
C: HELO client.example
S: 250
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\n"
S: 421 4.7.0
closed

case content in one segment with DATA, with EHLO
connect smtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nDATA\r\nSubject: early\r\n\r\nbody\r\n.\r\n"
S: 250
S: 250
S: 421 4.7.0
closed
logged
mailbox INBOX has 0

case something behind EHLO
connect smtp
send "EHLO client.example\r\nMAIL FROM:<eve@remote.example>\r\n"
S: 421 4.7.0
closed
