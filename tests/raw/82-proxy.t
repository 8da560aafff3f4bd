# The PROXY protocol, from listed networks (%HERE% is in one) and from others (%THERE% is not).
covers 82
host proxied

case version 1: a client of this host, in every protocol
connect smtp from=%HERE% mute
send "PROXY TCP4 127.3.0.1 127.0.0.1 4711 25\r\n"
S: 220
C: EHLO client.example
S: 250-
wait
C: QUIT
S: 221
closed
log has "smtp_session_started .*remote_ip=127.3.0.1 remote_port=4711"
connect imap from=%HERE% mute
send "PROXY TCP4 127.3.0.1 127.0.0.1 4712 143\r\n"
S: * OK
C: a LOGOUT
S: * BYE
S: a OK
closed
log has "remote_ip=127.3.0.1 remote_port=4712"
connect pop3 from=%HERE% mute
send "PROXY TCP4 127.3.0.1 127.0.0.1 4713 110\r\n"
S: +OK
C: QUIT
S: +OK
closed
log has "remote_ip=127.3.0.1 remote_port=4713"
connect submission from=%HERE% mute
send "PROXY TCP6 ::1 ::1 4714 587\r\n"
S: 220
C: QUIT
S: 221
closed
log has "service=submission remote_ip=::1 remote_port=4714"
connect lmtp from=%HERE% mute
send "PROXY TCP6 ::ffff:127.3.0.1 ::1 4715 24\r\n"
S: 220
C: QUIT
S: 221
closed
log has "service=lmtp remote_ip=127.3.0.1 remote_port=4715"

case version 2, with what it may have behind the addresses
connect imap from=%HERE% mute
send "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x17\x7f\3\0\1\x7f\0\0\1\x12\x70\0\x8f\4\0\3abc\x20\0\2\1\0"
S: * OK
log-in
C: a LOGOUT
S: * BYE
S: a OK
closed
log has "remote_ip=127.3.0.1 remote_port=4720"

case the proxy itself: %EACH%
each "PROXY UNKNOWN\r\n" "PROXY UNKNOWN ::1 ::1 1 2\r\n" "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" "\r\n\r\n\0\r\nQUIT\n\x21\0\0\3abc"
connect imap from=%HERE% mute
send "%EACH%"
S: * OK
log has "imap_session_started .*remote_ip=%HERE%"

case TLS begins behind the header
segments exact
connect imaps from=%HERE% mute
send "PROXY TCP4 198.51.100.7 127.0.0.1 4731 993\r\n"
starttls alpn=imap sni=mail.example.org
S: * OK
log-in
log has "remote_ip=198.51.100.7 remote_port=4731"

case a client from elsewhere is from elsewhere: no password in the clear, and it must let the server speak first
segments exact
connect imap from=%HERE% mute
send "PROXY TCP4 198.51.100.7 127.0.0.1 4732 143\r\n"
S~ \* OK .*LOGINDISABLED
C: a LOGIN %USER% %PASS%
S: a NO [PRIVACYREQUIRED]
connect smtp from=%HERE% mute
send "PROXY TCP4 198.51.100.7 127.0.0.1 4733 25\r\nEHLO client.example\r\n"
S: 554 5.5.1
closed

case no header: %EACH%
each "EHLO client.example\r\n" "\x16\x03\x01\0\x20" "PROXY TCP4 198.51.100.7 127.0.0.1 1 65536\r\n" "PROXY TCP4 198.51.100.7 127.0.0.1 1 2\n" "PROXY TCP4 1.2.3.4\r\n" "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n" "\r\n\r\n\0\r\nQUIT\n\x11\x11\0\x0c" "\r\n\r\n\0\r\nQUIT\n\x22\0\0\0" "\r\n\r\n\0\r\nQUIT\n\x21\x41\0\0" "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b\x7f\3\0\1\x7f\0\0\1\x12\x70\0" "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\x7f\3\0\1\x7f\0\0\1\x12\x70\0\x8f\4\xff\xff\0"
connect smtp from=%HERE% mute
send "%EACH%"
closed
log has "proxy_refused .*remote_ip=%HERE% error=protocol_error"
connect imaps from=%HERE% mute
send "%EACH%"
closed

case a line without end
connect pop3 from=%HERE% mute
send "PROXY UNKNOWN " "x"*93
closed

case nothing, or half of it
segments exact
connect imap as=half from=%HERE% mute
send "PROXY TCP4 198.51"
connect imap from=%HERE% mute
timer start
closed
timer over 3
timer under 9
on half
closed
log has "proxy_refused .*remote_ip=%HERE% error=timed_out"

case from who is not listed it is bad input
connect smtp from=%THERE%
C: PROXY TCP4 198.51.100.7 127.0.0.1 1 25
S: 500 5.5.2
C: QUIT
S: 221
closed
connect imap from=%THERE%
C: PROXY TCP4 198.51.100.7 127.0.0.1 1 143
S: PROXY BAD
connect pop3 from=%THERE%
C: PROXY TCP4 198.51.100.7 127.0.0.1 1 110
S: -ERR
connect smtp from=%THERE%
send "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
S: 500 5.5.2
log lacks "198.51.100.7"
