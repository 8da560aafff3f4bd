// Boost.JSON compiled once for all modules, header-only, so that no further library is linked.
#include <boost/json/src.hpp>
