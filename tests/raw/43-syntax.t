# What is no IMAP is answered without saying it back; ten times in a row are enough.
covers 43 44

case no tag: %EACH%
each "<script>(" "" " " "(" "\xe9" "a\"b NOOP" "{1} NOOP" "* NOOP" "+ NOOP" "%s%n%" "\x1b[31m NOOP" "\0 NOOP" "a\rb NOOP" "\nNOOP"
connect imap
send "%EACH%\r\n"
S~ (\*|a) BAD (?!.*script)(?!.*\x1b)
C: ok NOOP
S: ok OK
C: bye LOGOUT
S: * BYE
S: bye OK
closed

case no string: %EACH%
each "\"abc" "\"abc\\" "\"a\\bc\"" "\"a\0b\"" "\"\xe9\"" "\"a\nb\"" "\"a\rb\"" "\xe9" "a(b" "\"a\"b" "a\"b\""
connect imap
send "a LOGIN %EACH% x\r\n"
S: a BAD
C: b NOOP
S: b OK

case ten mistakes
connect imap
C: 1
C: 2
C: 3
C: 4
C: 5
C: 6
C: 7
C: 8
C: 9
C: 10
C: 11 NOOP
S: 1 BAD
S: 2 BAD
S: 3 BAD
S: 4 BAD
S: 5 BAD
S: 6 BAD
S: 7 BAD
S: 8 BAD
S: 9 BAD
S: 10 BAD
S: * BYE
closed

case a browser: %EACH%
each "GET / HTTP/1.1" "POST /x HTTP/1.1" "HEAD / HTTP/1.0" "PUT / HTTP/1.1" "PRI * HTTP/2.0" "OPTIONS * HTTP/1.1" "Host: imap.example.org" "User-Agent: x"
connect imap
send "%EACH%\r\nb LOGIN x y\r\n"
S: * BYE
closed

case a browser under TLS
connect imaps
send "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
S: * BYE
closed
