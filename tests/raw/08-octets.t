# NUL, 8-bit and a lone CR or LF in commands; none is a line's end, none reaches the log as it is.
covers 8

case refused and counted: %EACH%
each "NOOP\0" "RS\0ET" "\0" "NO\rOP" "\rNOOP" "NO\nOP" "\nNOOP" "RSET\0 x"
connect smtp hello
send "%EACH%\r\n"
S: 500 5.5.2
C: MAIL FROM:<eve@remote.example>
S: 250
C: QUIT
S: 221
closed
logged
log lacks "[\0\r]"

case 8-bit is no verb and no address without SMTPUTF8: %EACH%
each "\x80\x81" "NOOP\xff" "MAIL FROM:<\xe9@remote.example>" "RCPT TO:<a\xc3\xa9@example.org>" "EHLO \xc3\xa9.example" "RSET\x80"
connect smtp hello
send "%EACH%\r\n"
S~ 5(00|01|53|03) 
C: QUIT
S: 221
closed

case NUL ends no path
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<%USER%\0@elsewhere.example>\r\n"
S: 500 5.5.2
C: DATA
S: 503
wait
C: QUIT
S: 221
