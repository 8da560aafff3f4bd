#pragma once
// The directory in directory.db, in the process `auth`, which alone opens it. See Registry for what
// runs where.

#include "maild/base/file.hpp"
#include "maild/directory/registry.hpp"

#include <memory>
#include <string>

namespace maild::directory {

class LocalDirectory final : public Registry {
public:
    // Creates the database or brings its schema up to date. `files` is not kept; io, clock and
    // random outlive the directory. busy: another process has it open.
    static Result<std::unique_ptr<LocalDirectory>> open(boost::asio::io_context& io,
                                                        FileSystem& files, const std::string& path,
                                                        const auth::TokenKey& key,
                                                        const Clock& clock, Random& random,
                                                        const Settings& settings = {});

private:
    using Registry::Registry;
};

} // namespace maild::directory
