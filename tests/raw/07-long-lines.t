# A line is never kept beyond its limit.
covers 7

case a line of 2048 octets is one, one more is not
connect smtp hello
send "NOOP " "x"*2041 "\r\n"
S: 250 2.0.0
wait
send "NOOP " "x"*2042 "\r\n"
S: 500 5.5.6
wait
C: NOOP
S: 250 2.0.0
wait
C: QUIT
S: 221
closed

case long lines are dropped, what follows is not
connect smtp hello
send "MAIL FROM:<" "a"*60000 "@remote.example>\r\n"
S: 500 5.5.6
C: RCPT TO:<%USER%>
S: 503
C: MAIL FROM:<eve@remote.example>
S: 250
C: QUIT
S: 221
closed

case a line without an end is not read to its end, and takes no memory
segments exact
alone
repeat 40
connect smtp hello
send "x"*1000000
S: 500 5.5.6
S: 421 4.7.0
closed
memory seen
end
memory mark
repeat 20
connect smtp hello
send "x"*1000000
S: 500 5.5.6
S: 421 4.7.0
closed
memory seen
end
memory grew less 256 KiB
