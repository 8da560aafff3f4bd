# Many at once, each with the worst that it may send: memory has a bound.
covers 87
segments exact
alone

case two hundred and fifty endless lines, literals and contents
memory mark
crowd 250 smtp "EHLO a.example\r\nMAIL FROM:<" "x"*70000
crowd 250 imap "a LOGIN {4000+}\r\n" "x"*4000
crowd 250 imap "("*8000
crowd 100 smtp "EHLO a.example\r\n" "RSET\r\n"*2000
memory grew less 65536 KiB
connect smtp hello
C: QUIT
S: 221
drop crowd
