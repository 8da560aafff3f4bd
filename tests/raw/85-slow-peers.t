# Who is slow keeps nobody else from being served, and not his connection either.
covers 85
segments exact

case a command has one deadline, not one for each octet
host strict
connect smtp hello
timer start
trickle "NOOP " "x"*100 0.5
S: 421 4.4.2
closed
timer under 16
timer over 8

case who does not log in
host strict
connect imaps
timer start
trickle "a NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" 0.5
S: * BYE
closed
timer under 16
timer over 8

case who does not log in by POP3 hears nothing at all (RFC 1939 §3)
host strict
connect pop3s
timer start
trickle "CAPA xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" 0.5
closed
timer under 16
timer over 8

case five thousand that have begun a command, and one that wants to work
alone
memory mark
crowd 1500 from=each smtp "EHLO slow.example\r\nMAIL FR"
crowd 1000 from=each submission "EHLO slow.example\r\nAUTH PL"
crowd 1500 from=each imap "a LOGIN x"
crowd 1000 from=each pop3 "USER x\r\nPA"
log lacks connection_refused
log lacks session_crowded_out
timer start
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
send "Subject: x\r\n\r\nbody\r\n.\r\n"
S: 250
connect imaps
log-in
C: a SELECT INBOX
S* a OK
timer under 1
memory grew less 75000 KiB
drop crowd
mailbox INBOX has 1

case a crowd beyond what is let in, from one address and from many
host narrow
alone
each "127.0.0.1" "each"
connect smtp as=sender from=127.0.0.9 hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
connect imaps as=reader from=127.0.0.9
log-in
crowd 250 from=%EACH% pop3 "USER x\r\nPA"
crowd 150 from=%EACH% pop3s "\x16\x03\x01"
crowd 250 from=%EACH% smtp "EHLO slow.example\r\nMAIL FROM:<eve@remote.example>\r\nRC"
crowd 250 from=%EACH% imap "a LOGIN x"
crowd 150 from=%EACH% imaps "\x16\x03\x01"
log has "session_crowded_out service=smtp"
log has "session_crowded_out service=imap"
log has "session_crowded_out service=pop3"
log lacks connection_refused
timer start
connect smtp from=127.0.0.10 hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
send "Subject: x\r\n\r\nbody\r\n.\r\n"
S: 250
connect imaps from=127.0.0.10
log-in
C: a SELECT INBOX
S* a OK
connect pop3s from=127.0.0.10
log-in
timer under 1
on sender
C: DATA
S: 354
send "Subject: y\r\n\r\nbody\r\n.\r\n"
S: 250
on reader
C: a SELECT INBOX
S* a OK
drop crowd
mailbox INBOX has 2
