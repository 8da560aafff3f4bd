# SCRAM (RFC 5802): messages that are none, nonces and bindings of another exchange. Proofs that are right: system/sasl.py.
covers 39

case no client-first-message: %EACH%
each "biwsbT1tdXN0LG49YSxyPWI=" "biwsbj11cz1lcixyPWI=" "bj11c2VyLHI9Yg==" "biwsbj11c2VyLHI9" "biwsbj0scj1i" "eCwsbj1hLHI9Yg==" "cD0sLG49YSxyPWI=" "biwsbj1h" "biwsbj1hLHI9Yiw=" "biwsbj1hLHI9YSBi" "biwsbj1hAGIscj1j" "biwsbj3/LHI9Yw==" "biwsbj1hLHI9bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4=" "="
connect submission hello
C: AUTH SCRAM-SHA-256 %EACH%
S: 501 5.5.2
wait
C: AUTH SCRAM-SHA-1
S: 334
wait
C: %EACH%
S: 501 5.5.2
wait
log-in
C: QUIT
S: 221
closed

case no client-final-message: %EACH%
each "Yz1iaXdz" "Yz1iaXdzLHI9Y2xpZW50bm9uY2U=" "Yz0hLHI9Y2xpZW50bm9uY2UscD1BQUFB" "cj1jbGllbnRub25jZSxwPUFBQUE=" "Yz1iaXdzLHI9Y2xpZW50bm9uY2UscD0=" "Yz1iaXdzLHI9Y2xpZW50bm9uY2UscD1BQUE=" "Yml3cw==" "="
connect imaps
C: a AUTHENTICATE SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: + 
wait
C: %EACH%
S: a BAD
C: b NOOP
S: b OK

case another nonce, another binding, a proof of another size: %EACH%
each "Yz1iaXdzLHI9Y2xpZW50bm9uY2UscD1BQUFB" "Yz1lU3dzLHI9Y2xpZW50bm9uY2UscD1BUUVCQVFFQkFRRUJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRRUJBUUVCQVFFPQ==" "Yz1iaXdzLHI9Y2xpZW50bm9uY2V4LHA9QVFFQkFRRUJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRRT0=" "Yz1iaXdzLHI9eCxwPUFRRUJBUUVCQVFFQkFRRUJBUUVCQVFFQkFRRT0="
connect pop3s
C: AUTH SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: + 
wait
C: %EACH%
S: -ERR [AUTH] Authentication failed
wait
log-in
C: QUIT
S: +OK
closed

case the offer of -PLUS was hidden
connect imaps
C: a AUTHENTICATE SCRAM-SHA-256 eSwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: + 
wait
C: Yz1lU3dzLHI9Y2xpZW50bm9uY2UscD1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==
S: a NO [AUTHENTICATIONFAILED]

case -PLUS where there is no TLS, and cancelled where there is
connect submission hello
C: AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49bm9ib2R5QGV4YW1wbGUub3JnLHI9Y2xpZW50bm9uY2U=
S: 504 5.5.4
wait
C: QUIT
S: 221
connect submissions hello
C: AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49bm9ib2R5QGV4YW1wbGUub3JnLHI9Y2xpZW50bm9uY2U=
S: 334
wait
C: *
S: 501 5.7.0
wait
log-in
C: QUIT
S: 221
closed

case exchanges that are left in the middle take no memory
segments exact
alone
repeat 100
connect submission hello
C: AUTH SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: 334
close
connect imaps
C: a AUTHENTICATE SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: +
reset
memory seen
end
memory mark
repeat 400
connect submission hello
C: AUTH SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: 334
close
connect imaps
C: a AUTHENTICATE SCRAM-SHA-256 biwsbj1ub2JvZHlAZXhhbXBsZS5vcmcscj1jbGllbnRub25jZQ==
S: +
reset
memory seen
end
memory grew less 512 KiB
