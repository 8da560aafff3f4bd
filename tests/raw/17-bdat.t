# BDAT (RFC 3030 §2): a chunk has the size that was said and no end mark, and is never read as commands: it is kept, or read and refused,
# or the session ends.
covers 2 17 18 19

case what cannot be followed ends the session: BDAT %EACH%
each "501 -1" "501 1 FOO" "501 1LAST" "501" "501 18446744073709551616" "501 0x10"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT %REST%\r\nRSET\r\nMAIL FROM:<smuggled@remote.example>\r\n"
S: %FIRST% 5.
S: 421 4.7.0
closed
logged
mailbox INBOX has 0
log lacks smuggled

case the same for a line that is refused before it is parsed: %EACH%
each "BDAT\t5" "bdat 5\0" "BDAT 5\rLAST" "BDATA 5"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "%EACH%\r\nRSET\r\nMAIL FROM:<smuggled@remote.example>\r\n"
S: 501 5.
S: 421 4.7.0
closed
logged
mailbox INBOX has 0
log lacks smuggled

case a chunk that is not worth to be read on: BDAT %EACH%
each "18446744073709551615" "4294967296" "4294967296 LAST"
host strict
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT %EACH%\r\n" "1234567890123456789012345678\r\n"*8000
S: 552 5.3.4
S: 421 4.7.0
closed
logged
mailbox INBOX has 0

case chunks in the pipeline behind one that failed
host strict
connect smtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nBDAT 120000\r\n" "1234567890123456789012345678\r\n"*4000 "BDAT 6\r\nRSET\r\n"*30 "RSET\r\nQUIT\r\n"
S: 250
S: 250
S: 552 5.3.4
repeat 30
S: 503 5.5.1
end
S: 250
S: 221
closed
mailbox INBOX has 0

case sizes whose sum is too large
host strict
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT 60000\r\n" "1234567890123456789012345678\r\n"*2000
S: 250 2.0.0 60000
send "BDAT 60000\r\n" "1234567890123456789012345678\r\n"*2000
S: 552 5.3.4
send "BDAT 0 LAST\r\n"
S: 503 5.5.1
C: QUIT
S: 221
closed
mailbox INBOX has 0

case chunks are kept as they are, dots and all
connect smtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nBDAT 27\r\nSubject: x\r\n\r\n.\r\n..\r\nRSET\r\nBDAT 7 LAST\r\n\r\n.\r\n\r\nQUIT\r\n"
S: 250 2.1.0
S: 250 2.1.5
S: 250 2.0.0 27 octets received
S: 250 2.0.0 Ok
S: 221
closed
mailbox INBOX last ends "Subject: x\r\n\r\n.\r\n..\r\nRSET\r\n\r\n.\r\n\r\n"

case smuggling by BDAT: %EACH%
each "\n.\n" "\n.\r\n" "\r\n.\n" "\r.\r" "\r\r\n.\r\r\n"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT 200 LAST\r\nSubject: first\r\n\r\nbody%EACH%MAIL FROM:<smuggled@remote.example>\r\n" "x"*200 "\r\n"
S~ 521 5\.5\.2 bare <(CR|LF)> received\r\n$
closed
logged
mailbox INBOX has 0
log lacks from=smuggled

case refused chunks are read, before anything else and after a refusal
connect smtp
send "BDAT 6\r\nQUIT\r\nEHLO remote.example\r\n"
S: 503 5.5.1
S: 250-
wait
send "BDAT 0 LAST\r\n"
S: 503 5.5.1
send "MAIL FROM:<eve@remote.example>\r\nBDAT 6\r\nQUIT\r\nRCPT TO:<%USER%>\r\nBDAT 6 LAST\r\nQUIT\r\nRSET\r\n"
S: 250 2.1.0
S: 503 5.5.1
S: 503 5.5.1
S: 503 5.5.1
S: 250 2.0.0
C: DATA
S: 503 5.5.1
wait
C: QUIT
S: 221
mailbox INBOX has 0

case %EACH% between chunks begins anew
each "RSET" "EHLO remote.example"
connect smtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nBDAT 9\r\na: half\r\n"
S: 250
S: 250
S: 250 2.0.0 9
wait
C: %EACH%
S: 250
wait
send "BDAT 2 LAST\r\n\r\n"
S: 503 5.5.1
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nBDAT 12 LAST\r\nb: whole\r\n\r\nQUIT\r\n"
S: 250
S: 250
S: 250 2.0.0 Ok
S: 221
closed
mailbox INBOX has 1
mailbox INBOX last ends "b: whole\r\n\r\n"

case STARTTLS and QUIT between chunks
connect smtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nBDAT 9\r\na: half\r\n"
S: 250
S: 250
S: 250
wait
C: STARTTLS
S: 503 5.5.1
wait
C: QUIT
S: 221
closed
mailbox INBOX has 0

case a peer that goes in a chunk
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT 100 LAST\r\na: half\r\n"
reset
logged
mailbox INBOX has 0

case a thousand chunks and no more
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
wait
repeat 1000
send "BDAT 1\r\nx"
S: 250 2.0.0 1
end
send "BDAT 1\r\nx"
S: 421 4.7.0
closed
logged
mailbox INBOX has 0

case LMTP answers for each recipient behind the last chunk alone
connect lmtp hello
send "MAIL FROM:<eve@remote.example>\r\nRCPT TO:<%USER%>\r\nRCPT TO:<%USER%>\r\nBDAT 6\r\na: b\r\nBDAT 0 LAST\r\nQUIT\r\n"
S: 250 2.1.0
S: 250 2.1.5
S: 250 2.1.5
S: 250 2.0.0 6
S: 250
S: 250
S: 221
closed
