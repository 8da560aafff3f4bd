#include "support/source_dir.hpp"

namespace maild::test {

std::filesystem::path source_dir() { return MAILD_SOURCE_DIR; }

} // namespace maild::test
