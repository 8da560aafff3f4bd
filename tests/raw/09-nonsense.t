# Ten mistakes, and a browser that was led here (ALPACA).
covers 9

case the eleventh mistake is the last
connect smtp hello
send "XYZZY\r\n"*100
repeat 10
S: 500 5.5.2
end
S: 421 4.7.0
closed

case a browser: %EACH%
each "GET / HTTP/1.1" "POST / HTTP/1.1" "PUT /x HTTP/1.0" "Host: mail.example.org" "User-Agent: x" "PRI * HTTP/2.0"
connect smtp
send "%EACH%\r\nMAIL FROM:<a@b.example>\r\n\r\n"
S: 421 4.7.0
closed

case the same under TLS
connect submissions
send "POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n"
S: 421 4.7.0
closed

case the same over LMTP
connect lmtp
send "GET / HTTP/1.1\r\nHost: x\r\n\r\nLHLO x\r\n"
S: 421 4.7.0
closed
