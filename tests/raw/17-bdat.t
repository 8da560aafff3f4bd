# BDAT is not offered; its chunk must not be read as commands, so the session ends (RFC 3030 §2). Where the cut is, does not matter.
covers 17

case ends the session: BDAT %EACH%
each "0 LAST" "-1" "18446744073709551615" "1 FOO" "4294967296" "" "30"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT %EACH%\r\nRSET\r\nMAIL FROM:<smuggled@remote.example>\r\n"
S: 502 5.5.1
S: 421 4.7.0
closed
logged
mailbox INBOX has 0
log lacks smuggled
