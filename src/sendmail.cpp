// The command that programs of this host send mail with. All of it is in the module sendmail.
#include "maild/sendmail/program.hpp"

int main(int argc, char** argv) { return maild::sendmail::sendmail_main(argc, argv); }
