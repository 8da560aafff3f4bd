# Debian 12 packages (conf/dependencies lists them for apt). Each becomes a SYSTEM target, so that its headers do not
# have to pass our warnings.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)

# Not by its .pc file: that names libevent, whose own is in a package which nothing here needs.
find_library(MAILD_UNBOUND unbound REQUIRED)
add_library(maild_unbound INTERFACE)
target_link_libraries(maild_unbound INTERFACE ${MAILD_UNBOUND})

# Asio compiled once, in src/net/asio_impl.cpp (its separate compilation), on Boost's headers.
add_library(maild_asio INTERFACE)
target_include_directories(maild_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(maild_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
  BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(maild_asio INTERFACE Threads::Threads)

if(MAILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(MAILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
