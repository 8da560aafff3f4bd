#pragma once
// The whole of `mailctl` behind its main(). Returns the exit code (sysexits).

namespace maild::control {

int mailctl_main(int argc, char** argv);

} // namespace maild::control
