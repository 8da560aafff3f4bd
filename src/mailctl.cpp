// The admin's command. All of it is in the module control.
#include "maild/control/mailctl.hpp"

int main(int argc, char** argv) { return maild::control::mailctl_main(argc, argv); }
