# The greeting's name: checked, never said back, never expanded.
covers 10

case no name: "%EACH%"
each "" " " "[IPv6:]" "[IPv6:zz]" "[IPv6:1::2::3]" "[127.0.0.1" "[300.1.1.1]" "[tag:]" "<script>" "%s%n" "${run{id}}" "a b" "\xc3\xa9.example" "a\x1b[31m" "\"x\"" "a;id" "../x"
connect smtp
send "EHLO %EACH%\r\n"
S: 501 5.5.4 Domain or address literal expected
wait
C: MAIL FROM:<eve@remote.example>
S: 503
wait
C: QUIT
S: 221
closed
logged
log lacks "script|run\{id|%s%n"

case a name: %EACH%
each "client.example" "[127.0.0.1]" "[IPv6:::1]" "WORKSTATION_1" "a-b.c"
connect smtp
send "EHLO %EACH%\r\n"
S: 250-mail.example.org
wait
C: QUIT
S: 221
closed

case 256 octets and 64 KiB
connect smtp
send "EHLO " "a"*256 "\r\n"
S: 501 5.5.4
wait
send "EHLO " "a"*65000 "\r\n"
S: 500 5.5.6
wait
C: HELO client.example
S: 250
wait
C: QUIT
S: 221
