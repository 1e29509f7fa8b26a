// libcurl's functions, by their own names, as the few parts that speak HTTP call them. The library itself is opened
// when the first is called: it brings thirty others along, and loading those takes twice as long as all else that a
// command like `info` does. So nothing here links with libcurl; its headers must fit the library's major version, which
// is in its file's name.
#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdarg>
#include <mutex>
#include <string>

#include "wobackup/error.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

namespace wobackup {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

void* function_named(const char* name) {
  // Never closed: it may have started threads.
  static void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : ::dlsym(library, name);
  if (found == nullptr) {
    const char* const why = ::dlerror();
    throw Error(ErrorKind::failed, std::string("libcurl cannot be used: ") + (why != nullptr ? why : name),
                "install Debian's package libcurl4");
  }
  return found;
}

template <class Function>
Function* loaded(const char* name) {
  return reinterpret_cast<Function*>(function_named(name));
}

}  // namespace

// Newer versions take a const handle where older ones do not.
template <class Function>
struct FirstOf;
template <class Result, class First, class... Rest>
struct FirstOf<Result(First, Rest...)> {
  using type = First;
};

}  // namespace wobackup

// Each is found once.
#define WOBACKUP_CURL(name) static auto* const function = wobackup::loaded<decltype(name)>(#name)

extern "C" {

CURLcode curl_global_init(long flags) {
  WOBACKUP_CURL(curl_global_init);
  return function(flags);
}
CURL* curl_easy_init() {
  WOBACKUP_CURL(curl_easy_init);
  return function();
}
// All options take one argument of a word's size, and so do all that ask.
CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...) {
  WOBACKUP_CURL(curl_easy_setopt);
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return function(handle, option, value);
}
CURLcode curl_easy_getinfo(CURL* handle, CURLINFO info, ...) {
  WOBACKUP_CURL(curl_easy_getinfo);
  va_list rest;
  va_start(rest, info);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return function(handle, info, value);
}
CURLcode curl_easy_perform(CURL* handle) {
  WOBACKUP_CURL(curl_easy_perform);
  return function(handle);
}
void curl_easy_reset(CURL* handle) {
  WOBACKUP_CURL(curl_easy_reset);
  function(handle);
}
void curl_easy_cleanup(CURL* handle) {
  WOBACKUP_CURL(curl_easy_cleanup);
  function(handle);
}
const char* curl_easy_strerror(CURLcode code) {
  WOBACKUP_CURL(curl_easy_strerror);
  return function(code);
}
curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  WOBACKUP_CURL(curl_slist_append);
  return function(list, text);
}
void curl_slist_free_all(curl_slist* list) {
  WOBACKUP_CURL(curl_slist_free_all);
  function(list);
}
CURLU* curl_url() {
  WOBACKUP_CURL(curl_url);
  return function();
}
CURLUcode curl_url_set(CURLU* url, CURLUPart what, const char* part, unsigned int flags) {
  WOBACKUP_CURL(curl_url_set);
  return function(url, what, part, flags);
}
CURLUcode curl_url_get(wobackup::FirstOf<decltype(curl_url_get)>::type url, CURLUPart what, char** part,
                       unsigned int flags) {
  WOBACKUP_CURL(curl_url_get);
  return function(url, what, part, flags);
}
void curl_url_cleanup(CURLU* url) {
  WOBACKUP_CURL(curl_url_cleanup);
  function(url);
}
void curl_free(void* memory) {
  WOBACKUP_CURL(curl_free);
  function(memory);
}
time_t curl_getdate(const char* text, const time_t* unused) {
  WOBACKUP_CURL(curl_getdate);
  return function(text, unused);
}

}  // extern "C"
