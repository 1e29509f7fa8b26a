// Everything.
#pragma once

#include "wobackup/config.h"
#include "wobackup/doctor.h"
#include "wobackup/error.h"
#include "wobackup/guard.h"
#include "wobackup/inspect.h"
#include "wobackup/json.h"
#include "wobackup/keys.h"
#include "wobackup/log.h"
#include "wobackup/progress.h"
#include "wobackup/restore.h"
#include "wobackup/secret.h"
#include "wobackup/service.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"
#include "wobackup/verify.h"
