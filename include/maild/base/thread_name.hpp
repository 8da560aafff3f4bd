#pragma once
// What `top -H`, `ps -L` and a debugger call the calling thread; of a process's first thread also
// what `ps` calls the process.

#include <string>

namespace maild {

// What is beyond 15 octets is left out, as the kernel has no room for it.
void name_thread(std::string name);

} // namespace maild
