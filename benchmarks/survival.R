# Time one estimator of R's survival on the columns written by estimators.py, which reads what this prints.
# The frame, with its factors, is in memory before the clock starts. Usage: Rscript survival.R TASK FOLDER RUNS
suppressPackageStartupMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
task <- given[1]; folder <- given[2]; runs <- as.integer(given[3])

column <- function(name, type = "integer", size = 4) {
  file <- file.path(folder, name)
  readBin(file, type, file.info(file)$size / size, size = size, endian = "little")
}
if (task == "mean cumulative") {
  people <- data.frame(id = column("id"), start = column("start"), stop = column("stop"), hit = column("hit"))
} else {
  people <- data.frame(days = column("days"), age = column("age", "double", 8))
  for (name in c("five", "four", "three", "two", "stratum")) people[[name]] <- factor(column(name))
  people$event <- factor(column("event"), 0:3, c("censored", "died", "ice_custody", "rearrest"))
}

estimators <- list(
  "Kaplan-Meier" = function(d) survfit(Surv(days, event == "rearrest") ~ stratum, data = d, conf.type = "log-log"),
  "Aalen-Johansen" = function(d) survfit(Surv(days, event) ~ stratum, data = d, conf.type = "log"),
  "log-rank" = function(d) survdiff(Surv(days, event == "rearrest") ~ stratum, data = d),
  "Cox" = function(d) coxph(Surv(days, event == "rearrest") ~ five + four + three + two + strata(stratum), data = d),
  "Cox, continuous" = function(d) coxph(Surv(days, event == "rearrest") ~ age + five, data = d),
  "mean cumulative" = function(d) survfit(Surv(start, stop, hit) ~ 1, data = d, id = id, robust = TRUE)
)
coefficients <- function(fit) c(coef(fit), sqrt(diag(vcov(fit))))
numbers <- list(
  "Kaplan-Meier" = function(fit) { s <- summary(fit, times = 365); c(s$surv, s$std.err) },
  "Aalen-Johansen" = function(fit) {
    s <- summary(fit, times = 365); j <- match("rearrest", fit$states); c(s$pstate[, j], s$std.err[, j])
  },
  "log-rank" = function(fit) fit$chisq,
  "Cox" = coefficients, "Cox, continuous" = coefficients,
  "mean cumulative" = function(fit) { at <- findInterval(365, fit$time); c(fit$cumhaz[at], fit$std.chaz[at]) }
)
estimate <- estimators[[task]]
invisible(estimate(people[seq_len(min(nrow(people), 2000)), ]))  # compiles what is compiled on first use
seconds <- numeric(runs)
for (run in seq_len(runs)) seconds[run] <- sum(system.time(fit <- estimate(people))[c("user.self", "sys.self")])
cat(sprintf('{"seconds": [%s], "numbers": [%s]}\n', toString(seconds), toString(format(numbers[[task]](fit), digits = 15))))
