#include "maild/base/thread_name.hpp"

#include <pthread.h>

namespace maild {

void name_thread(std::string name) {
    constexpr std::size_t kRoom = 15;
    if (name.size() > kRoom) name.resize(kRoom);
    pthread_setname_np(pthread_self(), name.c_str());
}

} // namespace maild
