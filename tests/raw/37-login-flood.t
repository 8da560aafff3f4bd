# Passwords are hashed by a bounded pool; sessions that are there do not notice, and who cannot be served is told so.
covers 37
segments exact
alone

case five hundred wrong passwords at once
connect imaps as=here
log-in
C: a SELECT INBOX
S* a OK
memory mark
crowd 500 imap "a LOGIN nobody@example.org wrong\r\n"
timer start
on here
C: b NOOP
S: b OK
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: d FETCH 1 BODY.PEEK[]
S* d OK
timer under 1
crowd told 60 "a NO ["
drop crowd
memory grew less 24000 KiB
