#include "maild/base/ensure.hpp"

#include "maild/base/log.hpp"

#include <cstdlib>

namespace maild {

void ensure_failed(const char* what, std::source_location where) {
    log::critical("invariant_violated",
                  {{"what", what}, {"file", where.file_name()}, {"line", where.line()}});
    log::flush();
    std::abort();
}

} // namespace maild
