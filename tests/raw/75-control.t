# The control socket: whatever is said there, only that connection ends.
covers 75
segments exact

case no length: %EACH%
each "\xff\xff\xff\xff" "\0\0\0\x02" "\x01\0\0\x01"
connect control
send "%EACH%"
closed
mailctl 0 "server status"

case no request: %EACH%
each "\x02\0\0\0{}" "\x02\0\0\0[]" "\x01\0\0\0\0" "\x04\0\0\0null" "\x08\0\0\0{\"a\":1,}" "\0\0\0\0" "\x05\0\0\0\xff\xfe\xfd\xfc\xfb"
connect control
send "%EACH%"
S: {"schema":"mailctl/1","exit":
closed

case deep nesting
connect control
send "\xa0\x86\x01\0" "["*100000
S: {"schema":"mailctl/1","exit":
closed

case an octet a second
connect control
timer start
trickle "\xff\0\0\0" "x"*60 1
closed
timer under 20
timer over 5

case announced megabytes take no memory, and many connections keep nobody out for long
alone
memory mark control
crowd 60 control "\xff\xff\xff\0"
mailctl 0 "server status"
memory grew less 8192 KiB
drop crowd
crowd 500 control "\xff\xff\xff\0"
drop crowd
mailctl 0 "server status"
