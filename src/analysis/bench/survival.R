# Time one estimator of R's survival on the columns written by people.py; what it prints is read by estimators.py.
# The frame, with its factors, is in memory before the clock starts. Usage: Rscript survival.R FOLDER TASK RUNS
suppressPackageStartupMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
folder <- given[1]; task <- given[2]; runs <- as.integer(given[3])

rows <- file.info(file.path(folder, "days"))$size / 4
whole <- function(name) readBin(file.path(folder, name), "integer", rows, size = 4, endian = "little")
category <- function(name) structure(whole(name), levels = readLines(file.path(folder, paste0(name, ".levels"))), class = "factor")
people <- data.frame(days = whole("days"))
for (name in c("five", "four", "three", "two", "stratum", "event")) people[[name]] <- category(name)
people$age <- readBin(file.path(folder, "age"), "double", rows, size = 8, endian = "little")

estimators <- list(
  none = function(d) NULL,
  "Kaplan-Meier" = function(d) survfit(Surv(days, event == "rearrest") ~ stratum, data = d, conf.type = "log-log"),
  "Aalen-Johansen" = function(d) survfit(Surv(days, event) ~ stratum, data = d, conf.type = "log"),
  Cox = function(d) coxph(Surv(days, event == "rearrest") ~ five + four + three + two + strata(stratum), data = d),
  "Cox, continuous" = function(d) coxph(Surv(days, event == "rearrest") ~ age + five, data = d)
)
check <- list(
  none = function(fit) numeric(0),
  "Kaplan-Meier" = function(fit) { s <- summary(fit, times = 365); c(s$surv, s$std.err) },
  "Aalen-Johansen" = function(fit) {
    s <- summary(fit, times = 365); j <- match("rearrest", fit$states); c(s$pstate[, j], s$std.err[, j])
  },
  Cox = function(fit) c(coef(fit), sqrt(diag(vcov(fit)))),
  "Cox, continuous" = function(fit) c(coef(fit), sqrt(diag(vcov(fit))))
)
estimate <- estimators[[task]]
invisible(estimate(people[seq_len(min(rows, 2000)), ]))  # compiles what is compiled on first use
seconds <- numeric(runs)
for (run in seq_len(runs)) seconds[run] <- system.time(fit <- estimate(people))[["elapsed"]]
cat("seconds", seconds, "\n")
cat("numbers", format(check[[task]](fit), digits = 15), "\n")
