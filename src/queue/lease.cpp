#include "maild/queue/lease.hpp"

#include "maild/base/ascii.hpp"

namespace maild::queue {

std::string destination_of(std::string_view address) {
    const auto at = address.rfind('@');
    return ascii::to_lower(at == std::string_view::npos ? address : address.substr(at + 1));
}

} // namespace maild::queue
