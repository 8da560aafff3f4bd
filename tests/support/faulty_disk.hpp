#pragma once
// A disk in memory that forgets what was not synced, tears what it was writing, and fails when told
// to: the fault model that the store is proven against. A FileSystem for packs;
// support/faulty_vfs.hpp puts SQLite on the same disk.
//
// Each file has what programs see (the page cache), what is on the platter, and the writes between
// the two, since the last sync. Directory entries (create, mkdir, rename, remove) are on the
// platter only after sync_directory. A failed sync forgets its writes, as Linux does: they are
// still read from the cache, no later sync makes them durable, and drop_cache() shows what the
// platter has.
//
// A test for "crash after every step": run a script with cut_power_after(k) for k = 0, 1, 2 … until
// the script gets through; for each, destroy what used the disk, call crash(), open anew and check.
// Steps are calls that change something (everything but open of an existing file, read, size,
// list). Safe from several threads.

#include "maild/base/file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::test {

struct FaultyInode;

std::string parent_directory(const std::string& path); // "/" for "/a" and for "a"

enum class DiskCall : std::uint8_t {
    open, // of an existing file, or creating one
    read,
    write,
    sync,
    truncate,
    allocate,
    list,
    make_directory,
    remove,
    rename,
    sync_directory,
};

enum class Survives : std::uint8_t {
    everything, // the process was killed: the kernel still has all of it
    synced,     // the power went: exactly what was synced
    some, // the power went: what was synced, and a random part of the sectors and names that were
          // not
    torn, // the power went within a write: of each file everything before the last unsynced write,
          // and of that one the beginning, to an octet within a sector
};

class FaultyDisk : public FileSystem {
public:
    FaultyDisk(); // has the directory "/"
    ~FaultyDisk() override;

    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;
    bool exists(const std::string& path) const;

    // How many steps were taken so far, and how many calls of one kind.
    std::uint64_t steps() const;
    std::uint64_t calls(DiskCall call) const;
    // The next `steps` steps work; then every call fails with io until crash().
    void cut_power_after(std::uint64_t steps);
    bool is_powered() const;
    // Restarts the machine. Files opened before answer io from now on. The same seed always keeps
    // the same.
    void crash(Survives what, std::uint64_t seed = 0);

    // The n-th call of this kind from now (1 is the next) fails with this code; the ones after it
    // work again. A write that fails has written a part.
    void fail_nth(DiskCall call, std::uint64_t n, Errc code = Errc::io);
    void clear_failures();
    // A mutant of whoever uses the disk: syncs of files, or directories, whose path ends so succeed
    // and do nothing. Empty: none.
    void forget_syncs_of(std::string suffix);
    // Before each step from now on: `observer` gets the disk as it is, in a copy, so that one run
    // serves every crash. Not called back from within.
    using Observer = std::function<void(std::unique_ptr<FaultyDisk> copy)>;
    void observe(Observer observer);
    std::unique_ptr<FaultyDisk> copy() const;
    std::uint64_t used_bytes() const;
    // Bytes that all files together may take, allocated ones included; writes beyond fail with
    // no_space.
    void set_capacity(std::uint64_t bytes);
    // From now on (or not any more) nothing can be changed, as on a file system that the kernel has
    // made read-only: not_permitted, to opening for writing too.
    void set_read_only(bool is_read_only);
    // Flips one bit of a file, cache and platter: bit rot.
    void flip_bit(const std::string& path, std::uint64_t offset, int bit = 0);
    std::string contents(const std::string& path) const; // as programs see it

private:
    friend class FaultyFile;
    struct Name; // a change of a directory that is not synced yet
    struct Failure {
        std::uint64_t at = 0;
        Errc code = Errc::io;
    };
    using Names = std::map<std::string,
                           std::shared_ptr<FaultyInode>>; // path -> file, or null for a directory

    Result<void> enter(DiskCall call, std::string_view path, bool is_creation = false);
    bool is_on() const;
    void apply(Names& names, const Name& change) const;
    void change(Name change);
    void drop_orphans();
    std::uint64_t used() const;
    bool fits(const FaultyInode& inode, std::uint64_t size) const;
    bool is_forgotten(std::string_view path) const;
    std::unique_ptr<FaultyDisk> copy_now() const;

    mutable std::mutex mutex_;
    Names seen_;
    Names durable_;
    std::vector<Name> unsynced_names_;
    std::map<DiskCall, std::uint64_t> calls_;
    std::map<DiskCall, Failure> failures_;
    std::uint64_t steps_ = 0;
    std::optional<std::uint64_t> power_until_;
    bool is_off_ = false;
    bool is_read_only_ = false;
    std::uint64_t capacity_ = UINT64_MAX;
    std::uint64_t boot_ = 1; // files of an earlier boot are dead
    std::string forgotten_;
    Observer observer_;
};

} // namespace maild::test
