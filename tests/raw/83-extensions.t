# What would let a client say who it is, is not there.
covers 83

case neither offered nor taken: %EACH%
each "XCLIENT ADDR=192.0.2.1" "XFORWARD ADDR=192.0.2.1" "PROXY TCP4 192.0.2.1 192.0.2.2 1 2"
connect smtp
C: EHLO client.example
S~ 250-(?!.*X(CLIENT|FORWARD))
wait
C: %EACH%
S: 500 5.5.2
C: MAIL FROM:<eve@remote.example>
S: 250
C: QUIT
S: 221
