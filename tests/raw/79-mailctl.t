# What an admin's program is given.
covers 79
segments exact

case arguments that are none: %EACH%
each "account show -x" "account show --" "account show ''" "--nothing" "account add 'a b@example.org'" "account show \"$(printf x)\"" "account show @" "xyzzy" "account"
mailctl any "%EACH%"

case a name of a hundred kilobytes
mailctl any account show "a"*100000

case octets that are no text
mailctl any account show "\xff\xfe\x1b[31m"
