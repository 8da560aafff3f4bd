#include "support/faulty_vfs.hpp"

#include "support/shared_locks.hpp"

#include "maild/base/ensure.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <map>
#include <random>

namespace maild::test {

struct FaultyVfsState {
    explicit FaultyVfsState(FaultyDisk& on) : disk(on) {}

    FaultyDisk& disk;
    std::string name;
    std::string lockless_name;
    sqlite3_vfs vfs{};
    sqlite3_vfs lockless{};
    std::mutex mutex;
    std::mt19937_64 random{1}; // WAL salts: the same run is the same bytes
    std::map<std::string, std::weak_ptr<SharedLocks>> locks; // by path, while a connection is open

    std::shared_ptr<SharedLocks> locks_of(const std::string& path) {
        const std::scoped_lock lock(mutex);
        auto& known = locks[path];
        auto held = known.lock();
        if (held == nullptr) known = held = std::make_shared<SharedLocks>();
        return held;
    }
};

namespace {

// What SQLite allocates for each open file: it begins with the base class of the C interface.
struct VfsFile {
    sqlite3_file base;
    struct Open {
        FaultyDisk* disk = nullptr;
        std::string path;
        std::unique_ptr<File> file;
        std::shared_ptr<SharedLocks> locks; // of the main database; null for a journal or WAL
        SharedLocks::Holder holder;
        bool is_directory_unsynced = false;
        bool is_deleted_on_close = false;
    }* open;
};

VfsFile::Open& opened(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file)->open; }

int code_of(const Error& error, int otherwise) {
    return error.code == Errc::no_space ? SQLITE_FULL : otherwise;
}

int close(sqlite3_file* file) {
    auto* vfs_file = reinterpret_cast<VfsFile*>(file);
    const std::unique_ptr<VfsFile::Open> open(vfs_file->open);
    if (open->locks) open->locks->forget(open->holder);
    if (open->is_deleted_on_close) static_cast<void>(open->disk->remove(open->path));
    vfs_file->open = nullptr;
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    const auto wanted = static_cast<std::size_t>(amount);
    auto got = opened(file).file->read_at(static_cast<std::uint64_t>(offset),
                                          {static_cast<char*>(out), wanted});
    if (!got) return SQLITE_IOERR_READ;
    if (*got == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(out) + *got, 0, wanted - *got);
    return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(amount));
    auto done = opened(file).file->write_at(static_cast<std::uint64_t>(offset), {{bytes}});
    return done ? SQLITE_OK : code_of(done.error(), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto done = opened(file).file->truncate(static_cast<std::uint64_t>(size));
    return done ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

// As os_unix.c: fsync of the file, then once of the directory of a journal or WAL that was created.
int sync(sqlite3_file* file, int) {
    auto& open = opened(file);
    if (!open.file->sync_data()) return SQLITE_IOERR_FSYNC;
    if (!open.is_directory_unsynced) return SQLITE_OK;
    if (!open.disk->sync_directory(parent_directory(open.path))) return SQLITE_IOERR_DIR_FSYNC;
    open.is_directory_unsynced = false;
    return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* out) {
    const auto size = opened(file).file->size();
    if (!size) return SQLITE_IOERR_FSTAT;
    *out = static_cast<sqlite3_int64>(*size);
    return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
    auto& open = opened(file);
    if (open.locks == nullptr) return SQLITE_OK;
    return open.locks->lock(open.holder, level) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock(sqlite3_file* file, int level) {
    auto& open = opened(file);
    if (open.locks != nullptr) open.locks->unlock(open.holder, level);
    return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* out) {
    auto& open = opened(file);
    *out = open.locks != nullptr && open.locks->is_reserved() ? 1 : 0;
    return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int shm_map(sqlite3_file* file, int region, int size, int extend, volatile void** out) {
    *out = opened(file).locks->map(static_cast<std::size_t>(region), static_cast<std::size_t>(size),
                                   extend != 0);
    return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int first, int count, int flags) {
    auto& open = opened(file);
    const auto slots = SharedLocks::mask(first, count);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        open.locks->unlock_slots(open.holder, slots);
        return SQLITE_OK;
    }
    const bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    return open.locks->lock_slots(open.holder, slots, is_exclusive) ? SQLITE_OK : SQLITE_BUSY;
}

void shm_barrier(sqlite3_file* file) { opened(file).locks->barrier(); }

// The index goes with the last connection, as in unix-excl.
int shm_unmap(sqlite3_file* file, int) {
    auto& open = opened(file);
    open.locks->unlock_slots(open.holder, SharedLocks::mask(0, SQLITE_SHM_NLOCK));
    return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultyVfsState& state_of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfsState*>(vfs->pAppData); }

// `is_created` is set when the file was not there before; `flags` say afterwards how it was opened.
Result<std::unique_ptr<File>> open_or_create(FaultyDisk& disk, const std::string& path, int& flags,
                                             bool& is_created) {
    const bool may_write = (flags & SQLITE_OPEN_READWRITE) != 0;
    auto file = disk.open(path, may_write ? OpenMode::read_write : OpenMode::read_only);
    if (may_write && !file && file.error().code == Errc::not_permitted) { // as os_unix.c does
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
        file = disk.open(path, OpenMode::read_only);
    }
    const bool is_missing = !file && file.error().code == Errc::not_found;
    if (!is_missing || (flags & SQLITE_OPEN_CREATE) == 0) return file;
    is_created = true;
    return disk.open(path, OpenMode::create_new);
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* out_flags) {
    out->pMethods = nullptr;                     // no close on failure
    if (path == nullptr) return SQLITE_CANTOPEN; // a temporary file: db keeps these in memory
    auto& state = state_of(vfs);
    bool is_created = false;
    auto file = open_or_create(state.disk, path, flags, is_created);
    if (!file) return code_of(file.error(), SQLITE_CANTOPEN);
    auto open = std::make_unique<VfsFile::Open>();
    open->disk = &state.disk;
    open->path = path;
    open->file = std::move(*file);
    open->is_deleted_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    if (vfs == &state.lockless)
        open->is_directory_unsynced = is_created;
    else if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        open->locks = state.locks_of(path);
    else
        open->is_directory_unsynced = is_created;
    auto* vfs_file = reinterpret_cast<VfsFile*>(out);
    vfs_file->open = open.release();
    out->pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    auto& disk = state_of(vfs).disk;
    if (!disk.exists(path)) return SQLITE_IOERR_DELETE_NOENT;
    if (!disk.remove(path)) return SQLITE_IOERR_DELETE;
    if (sync_directory != 0 && !disk.sync_directory(parent_directory(path))) {
        return SQLITE_IOERR_DIR_FSYNC;
    }
    return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* path, int, int* out) {
    *out = state_of(vfs).disk.exists(path) ? 1 : 0;
    return SQLITE_OK;
}

int full_pathname(sqlite3_vfs*, const char* path, int length, char* out) {
    sqlite3_snprintf(length, out, "%s", path);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int length, char* out) {
    auto& state = state_of(vfs);
    const std::scoped_lock lock(state.mutex);
    for (int i = 0; i < length; ++i) out[i] = static_cast<char>(state.random());
    return length;
}

int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int current_time(sqlite3_vfs*, sqlite3_int64* out) {
    *out = 212'866'488'000'000; // a Julian day in milliseconds: always the same
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

} // namespace

FaultyVfs::FaultyVfs(FaultyDisk& disk) : state_(std::make_unique<FaultyVfsState>(disk)) {
    static std::atomic<int> count = 0;
    state_->name = "faulty-" + std::to_string(++count);
    auto& vfs = state_->vfs;
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(VfsFile);
    vfs.mxPathname = 512;
    vfs.zName = state_->name.c_str();
    vfs.pAppData = state_.get();
    vfs.xOpen = open;
    vfs.xDelete = remove;
    vfs.xAccess = access;
    vfs.xFullPathname = full_pathname;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep;
    vfs.xCurrentTimeInt64 = current_time;
    vfs.xGetLastError = last_error;
    state_->lockless_name = state_->name + "-none";
    state_->lockless = vfs;
    state_->lockless.zName = state_->lockless_name.c_str();
    for (auto* each : {&vfs, &state_->lockless})
        ensure(sqlite3_vfs_register(each, 0) == SQLITE_OK, "register a VFS");
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&state_->vfs);
    sqlite3_vfs_unregister(&state_->lockless);
}

const std::string& FaultyVfs::name() const { return state_->name; }
const std::string& FaultyVfs::lockless_name() const { return state_->lockless_name; }

} // namespace maild::test
