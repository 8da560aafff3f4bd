# The recipient after the last one allowed is only refused; and who names too many strangers is ended (unit test).
covers 14

case a thousand and one recipients
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
repeat 10
send "RCPT TO:<%USER%>\r\n"*100
repeat 100
S: 250 2.1.5
end
end
C: RCPT TO:<%USER%>
S: 452 4.5.3
C: RCPT TO:<%USER%>
S: 452 4.5.3
C: DATA
S: 354
wait
send "Subject: many\r\n\r\nbody\r\n.\r\n"
S: 250 2.0.0
C: QUIT
S: 221
mailbox INBOX has 1
