#pragma once
// Where this tree lies, for tests that read its files or the public suites beside it. Only one
// translation unit is told, so that the others compile to the same objects wherever the tree is.

#include <filesystem>

namespace maild::test {

std::filesystem::path source_dir();

} // namespace maild::test
