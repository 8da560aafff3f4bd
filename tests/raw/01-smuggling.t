# Only CRLF "." CRLF ends content, and content with a bare CR or LF is refused at its real end: nobody's second message
# hides in a first one.
covers 1 3

case bare LF or CR around a dot: %EACH%
each "\n.\n" "\n.\r\n" "\r\n.\n" "\r.\r" "\r\n.\r" "\r\r\n.\r\r\n" "\r.\r\n" "\n\r.\r\n"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250 2.1.0
C: RCPT TO:<%USER%>
S: 250 2.1.5
C: DATA
S: 354
wait
send "Subject: first\r\n\r\nbody%EACH%MAIL FROM:<smuggled@remote.example>\r\nRCPT TO:<%USER%>\r\nDATA\r\nSubject: second\r\n\r\nhidden\r\n.\r\n"
S~ 521 5\.5\.2 bare <(CR|LF)> received\r\n$
closed
logged
log lacks from=smuggled
mailbox INBOX has 0

case a dot behind NUL ends nothing
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: nul\r\n\r\nbody\r\n\0.\r\nMAIL FROM:<smuggled@remote.example>\r\n.\r\n"
S: 554 5.6.0 NUL received
C: QUIT
S: 221
closed
mailbox INBOX has 0

case the same over LMTP
connect lmtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Subject: first\n.\r\n\r\nbody\r\n.\r\n"
S: 521 5.5.2 bare <LF> received
closed
mailbox INBOX has 0
