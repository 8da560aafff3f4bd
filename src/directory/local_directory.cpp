#include "maild/directory/local_directory.hpp"

#include "directory/hasher.hpp"
#include "directory/sqlite_repository.hpp"

#include <utility>

namespace maild::directory {

Result<std::unique_ptr<LocalDirectory>>
LocalDirectory::open(boost::asio::io_context& io, FileSystem& files, const std::string& path,
                     const auth::TokenKey& key, const Clock& clock, Random& random,
                     const Settings& settings) {
    auto rows = SqliteRepository::open(files, path, settings.shards);
    if (!rows) return std::unexpected(std::move(rows.error()));
    auto hasher = std::make_unique<PooledHasher>(io, settings.password_cost, settings.hash_threads,
                                                 settings.hash_queue);
    std::unique_ptr<LocalDirectory> directory(
        new LocalDirectory(std::move(*rows), std::move(hasher), key, clock, random, settings));
    if (auto recalled = directory->recall_logins(); !recalled)
        return std::unexpected(std::move(recalled.error()));
    return directory;
}

} // namespace maild::directory
