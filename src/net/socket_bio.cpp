#include "net/socket_bio.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/socket.h>

namespace maild::net {
namespace {

// The descriptor is kept in the BIO's data pointer: nothing to allocate, nothing to free.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool should_retry() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int write_bytes(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    BIO_clear_retry_flags(bio);
    *written = 0;
    const auto count = ::send(fd_of(bio), bytes, size, MSG_NOSIGNAL);
    if (count < 0 && should_retry()) BIO_set_retry_write(bio);
    if (count < 0) return 0;
    *written = static_cast<std::size_t>(count);
    return 1;
}

int read_bytes(BIO* bio, char* out, std::size_t size, std::size_t* read) {
    BIO_clear_retry_flags(bio);
    *read = 0;
    const auto count = ::recv(fd_of(bio), out, size, 0);
    if (count < 0 && should_retry()) BIO_set_retry_read(bio);
    if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    if (count <= 0) return 0;
    *read = static_cast<std::size_t>(count);
    return 1;
}

long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int initialise(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* make_method() {
    auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "maild socket");
    if (method == nullptr) return nullptr;
    BIO_meth_set_write_ex(method, write_bytes);
    BIO_meth_set_read_ex(method, read_bytes);
    BIO_meth_set_ctrl(method, control);
    BIO_meth_set_create(method, initialise);
    return method;
}

} // namespace

BIO* make_socket_bio(int fd) {
    static BIO_METHOD* const method = make_method(); // for the life of the process
    auto* bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio != nullptr) BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    return bio;
}

} // namespace maild::net
