# Handshakes that must fail, and odd ones that need not.
covers 26 27 29 30
segments exact

case another protocol's client on %EACH%
each "imaps" "pop3s" "submissions"
connect %EACH% alpn=h2,http/1.1 fails says=NO_APPLICATION_PROTOCOL

case mail's client on the other mail port
connect imaps alpn=smtp fails says=NO_APPLICATION_PROTOCOL
connect submissions alpn=imap fails says=NO_APPLICATION_PROTOCOL
connect imaps alpn=pop3,managesieve fails says=NO_APPLICATION_PROTOCOL
connect pop3s alpn=imap,smtp fails says=NO_APPLICATION_PROTOCOL

case the right protocol among others, or none
connect imaps alpn=h2,imap
log-in
connect submissions alpn=smtp hello
connect pop3s alpn=imap,pop3
log-in
C: QUIT
S: +OK
connect imaps
log-in

case STARTTLS names it too
connect smtp hello
C: STARTTLS
S: 220
starttls alpn=http/1.1 fails says=NO_APPLICATION_PROTOCOL
connect pop3
C: STLS
S: +OK
starttls alpn=imap fails says=NO_APPLICATION_PROTOCOL

case version %EACH%
each "1.0" "1.1"
connect imaps version=%EACH% fails
connect submissions version=%EACH% fails
connect pop3s version=%EACH% fails

case cipher %EACH%
each "RC4-SHA" "AES128-SHA" "AES256-GCM-SHA384" "ECDHE-RSA-AES128-SHA" "ADH-AES128-GCM-SHA256" "NULL-SHA256"
connect imaps version=1.2 ciphers=%EACH% fails

case TLS 1.2 and 1.3 are spoken
connect imaps version=1.2
log-in
connect imaps version=1.3
log-in

case a session is taken up where it began, and nowhere else: %EACH%
each "1.2" "1.3"
connect imaps version=%EACH% sni=mail.example.org
tls imaps sni=mail.example.org resumes
tls imaps sni=other.example starts-anew
tls imaps starts-anew
tls pop3s sni=mail.example.org starts-anew
tls submissions sni=mail.example.org starts-anew
connect submissions version=%EACH%
tls submissions resumes
tls submissions sni=mail.example.org starts-anew
tls imaps starts-anew

case a name that is none: %EACH%
each "a\\" "a\0b" "\xff\xfe\xfd" "127.0.0.1" "a.example." "..." "%s%n%s" "a b" "<x>" "\r\n\r\n"
connect imaps mute
send "%HELLO:%EACH%%"
close
connect imaps sni=other.example
log-in

case two thousand names leave nothing behind
alone
repeat 10
repeat 100
connect imaps mute
send "%HELLO:random%"
close
end
memory seen
end
memory mark
repeat 20
repeat 100
connect imaps mute
send "%HELLO:random%"
close
end
memory seen
end
memory grew less 512 KiB
connect imaps
log-in
