#pragma once
// One file of the maildrop, as the process that takes it up sees it: opened without following or
// waiting for anything, judged by what the kernel says of the open file, and handed to a process
// that is its owner.

#include "maild/base/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>

namespace maild::sendmail {

class SpooledFile {
public:
    SpooledFile(int directory, const std::string& name, std::uint64_t most_octets);

    bool is_there() const { return is_there_; }
    uid_t owner() const { return facts_.st_uid; }
    // Why nobody is to read it; empty: it may be.
    const std::string& fault() const { return fault_; }
    bool is_ours_to_take() const;

    struct End {
        int exit = 0; // EX_OK: done with; EX_UNAVAILABLE: no daemon; EX_DATAERR: keep it aside
        std::string why;
    };
    // In a process that has become the owner for good; whatever goes wrong there, it waits.
    End submit_as_owner(const std::string& socket, const std::string& maildrop) const;

private:
    std::string judge(std::uint64_t most_octets) const;

    UniqueFd file_;
    struct stat facts_{};
    bool is_there_ = true;
    std::string fault_;
};

} // namespace maild::sendmail
