// The daemon. All of it is in the module daemon.
#include "daemon/program.hpp"
#include "daemon/roles.hpp"

int main(int argc, char** argv) {
    return maild::daemon::run_program(argc, argv, maild::daemon::make_role);
}
