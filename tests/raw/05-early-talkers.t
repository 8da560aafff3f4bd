# Who talks before the greeting on port 25 (RFC 5321 §3.1). Loopback is not watched, so a proxy speaks for clients from elsewhere;
# they are this script's alone.
covers 5
host proxied
segments exact

case who talks first
connect smtp from=%HERE% mute
send "PROXY TCP4 203.0.113.1 127.0.0.1 4001 25\r\nEHLO client.example\r\nMAIL FROM:<>\r\n"
S: 554 5.5.1
closed
log has "smtp_session_finished .*remote_ip=203.0.113.1 .*input before the greeting"
connect smtp from=%HERE% mute
send "PROXY TCP4 203.0.113.1 127.0.0.1 4002 25\r\nQ"
S: 554 5.5.1
closed

case who waits once is known
connect smtp from=%HERE% mute
timer start
send "PROXY TCP4 203.0.113.2 127.0.0.1 4003 25\r\n"
silent 0.2
S: 220
timer over 0.4
C: QUIT
S: 221
closed
connect smtp from=%HERE% mute
send "PROXY TCP4 203.0.113.2 127.0.0.1 4004 25\r\nEHLO client.example\r\n"
S: 220
S: 250-

case an IPv6 customer is his /64
connect smtp from=%HERE% mute
send "PROXY TCP6 2001:db8:5::1 ::1 4005 25\r\n"
silent 0.2
S: 220
connect smtp from=%HERE% mute
send "PROXY TCP6 2001:db8:5::2 ::1 4006 25\r\nNOOP\r\n"
S: 220

case a trusted host is not watched, nor is any where users log in
connect smtp from=%HERE% mute
send "PROXY TCP4 203.0.113.99 127.0.0.1 4007 25\r\nEHLO client.example\r\n"
S: 220
S: 250-
connect submission from=%HERE% mute
send "PROXY TCP4 203.0.113.4 127.0.0.1 4008 587\r\nEHLO client.example\r\n"
S: 220
S: 250-

case who leaves meanwhile
connect smtp from=%HERE% mute
send "PROXY TCP4 203.0.113.5 127.0.0.1 4009 25\r\n"
half-close
closed
log has "smtp_session_finished .*remote_ip=203.0.113.5"
