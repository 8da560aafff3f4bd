# MAIL and its parameters.
covers 11

case refused: %EACH%
each "501 FROM:<a@b.example> SIZE=18446744073709551616" "501 FROM:<a@b.example> SIZE=-1" "501 FROM:<a@b.example> SIZE=" "501 FROM:<a@b.example> SIZE" "501 FROM:<a@b.example> SIZE=1 SIZE=2" "501 FROM:<a@b.example> SIZE=1x" "501 FROM:<a@b.example> SIZE=000000000000000000001" "555 FROM:<a@b.example> XYZZY=1" "555 FROM:<a@b.example> XYZZY" "501 FROM:<a@b.example> AUTH=<a+0Ab>" "501 FROM:<a@b.example> AUTH=a+0Ab" "501 FROM:<a@b.example> AUTH=a+00" "501 FROM:<a@b.example> AUTH=" "501 FROM:<a@b.example> BODY=9BIT" "501 FROM:<a@b.example> BODY=BINARYMIME,8BITMIME" "501 FROM:<a@b.example> BODY=7BIT BODY=8BITMIME" "501 FROM:<a@b.example> =1" "501 FROM:<a@b.example>SIZE=1" "501 FROM:<a@b.example> SMTPUTF8=1" "501 FROM:" "501 <a@b.example>" "501 FROM:a@b.example" "501 FROM:<a@b.example" "501 FROM:<a@b.example>>" "501 FROM:<>x" "501 FROM:<@>" "552 FROM:<a@b.example> SIZE=18446744073709551615" "552 FROM:<a@b.example> SIZE=52428801" "550 FROM:<\xc3\xa9@b.example>" "501 FROM:<\xe9@b.example> SMTPUTF8"
connect smtp hello
send "MAIL %REST%\r\n"
S: %FIRST%
C: QUIT
S: 221

case taken: %EACH%
each "FROM:<>" "FROM: <a@b.example>" "from:<a@b.example>" "FROM:<@relay.example:a@b.example>" "FROM:<a@b.example> SIZE=0" "FROM:<a@b.example> size=52428800 BODY=8BITMIME" "FROM:<a@b.example> BODY=binarymime" "FROM:<a@b.example> AUTH=<>" "FROM:<a@b.example> AUTH=a+2Bb@b.example" "FROM:<\xc3\xa9@b.example> SMTPUTF8" "FROM:<a@b.example>   "
connect smtp hello
send "MAIL %EACH%\r\n"
S: 250 2.1.0
C: QUIT
S: 221
closed
