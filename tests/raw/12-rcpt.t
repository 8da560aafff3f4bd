# Forward-paths that look like paths, commands, SQL or nothing; none gets further than the parser or the directory.
covers 12 36

case refused: <%EACH%>
each "\"\"@example.org" "a\"b@example.org" "\"a\\\"@example.org" "\"a@example.org" "@example.org" "a@" "@" "a@example.org." "a@.example.org" "a@exa mple.org" ";id" "|cmd" "/etc/passwd" "../../x@example.org/.." "../../etc/passwd@example.org" "a@[127.0.0.1" "a@[300.0.0.1]" "@r1,@r2:" "@r1,r2:u@d.example" "a@b@example.org" "a..b@example.org" ".a@example.org" "<a@example.org>" "a@-example.org"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<%EACH%>\r\n"
S~ (501 5\.1\.3|550 5\.1\.[13]) 
C: DATA
S: 503
wait
C: QUIT
S: 221

case nobody here: <%EACH%>
each "\"a\\\"b\"@example.org" "\"a' OR '1'='1\"@example.org" "'@example.org" "\"%%\"@example.org" "*@example.org" "%@example.org" "\"|id\"@example.org" "/etc/passwd@example.org" "`id`@example.org" "$HOME@example.org" "_@example.org" "@r1.example,@r2.example:nobody@example.org"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<%EACH%>\r\n"
S~ (550 5\.1\.1|554 5\.7\.1) 
C: DATA
S: 503
wait
C: QUIT
S: 221

case not ours: <%EACH%>
each "a@[127.0.0.1]" "a@[IPv6:::1]" "a@elsewhere.example" "a%elsewhere.example@elsewhere.example" "@example.org:a@elsewhere.example"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<%EACH%>\r\n"
S: 554 5.7.1
C: QUIT
S: 221

case at the limits: 64 and 65 octets of localpart, 63 and 64 of a label, 256 of a domain
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<" "a"*64 "@example.org>\r\n"
S: 550 5.1.1
send "RCPT TO:<" "a"*65 "@example.org>\r\n"
S: 501 5.1.3
send "RCPT TO:<a@" "b"*63 ".example>\r\n"
S: 554 5.7.1
send "RCPT TO:<a@" "b"*64 ".example>\r\n"
S: 501 5.1.3
send "RCPT TO:<a@" "b."*126 "example>\r\n"
S: 501 5.1.3
C: QUIT
S: 221

case quoted or not, case or not, it is the same user
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
send "RCPT TO:<\"%NAME%\"@EXAMPLE.org>\r\n"
S: 250 2.1.5
send "RCPT TO:<@relay.example:%USER%>\r\n"
S: 250 2.1.5
C: DATA
S: 354
wait
send "Subject: quoted\r\n\r\nbody\r\n.\r\n"
S: 250
C: QUIT
S: 221
mailbox INBOX has 1
