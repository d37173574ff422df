"""The value lists of ICE's detainer releases from 2025 on, with made-up shares, and how to draw from them."""

import numpy as np

YES_NO = {"YES": 0.2, "NO": 0.8}
LIFTED = {
    None: 0.45, "Booked into Detention": 0.28, "Detainer Declined by LEA": 0.08, "Case Closed": 0.05, "Duplicate": 0.01,
    "Early Release": 0.01, "ICE Temporary Resource Constraint": 0.005, "Insufficient Notice to ICE": 0.01,
    "No longer in State, Local, or Federal Custody": 0.05, "Not Amenable to Removal": 0.005,
    "Noncitizen Not Amenable to Removal": 0.01, "Prosecutorial Discretion": 0.02, "Judicial Review": 0.001,
    "Superseding - New Form Issued": 0.01, "USC or Presumptive Claim to US Citizenship": 0.003,
}  # fmt: skip
REQUESTS = {
    "I247A - Immigration Detainer - Notice of Action": 0.9, "I247D - Immigration Detainer - Request for Action": 0.02,
    "I247 - Immigration Detainer - Notice of Action": 0.02, "I247G - Request for Advance Notification of Release": 0.05,
    "I247N - Immigration Advisal - Request for Notification": 0.005, "I247X - Request for Voluntary Transfer": 0.005,
}  # fmt: skip
CASES = {
    "departed": {
        "6-Deported/Removed - Deportability": 0.3, "8-Excluded/Deported/Removed": 0.02,
        "8-Excluded/Removed - Inadmissibility": 0.57, "3-Voluntary Departure Confirmed": 0.08, "9-VR Witnessed": 0.01,
        "0-Withdrawal Permitted - I-275 Issued": 0.005, "5-Title 50 Expulsion": 0.005, "7-Died": 0.01,
    },
    "here": {
        "ACTIVE": 0.8, None: 0.12, "A-Proceedings Terminated": 0.02, "B-Relief Granted": 0.02,
        "E-Charging Document Canceled by ICE": 0.02, "10-USC Prosecution Case Closed": 0.01,
        "L-Legalization - Permanent Residence Granted": 0.005, "Z-SAW - Permanent Residence Granted": 0.005,
    },
}  # fmt: skip
CHARGES = (
    ("Driving Under Influence Liquor", "5404"), ("Traffic Offense", "5499"), ("Assault", "1399"), ("Larceny", "2399"),
    ("Dangerous Drugs", "3599"), ("Burglary", "2299"), ("Robbery", "1299"), ("Sex Assault", "1199"), ("Homicide", "0999"),
    ("Illegal Entry", "0301"), ("Possession Of Weapon", "5212"), ("Fraud", "2699"), ("Not  Applicable", None),
)  # fmt: skip
COUNTRIES = {
    f"SYNTHETIC COUNTRY {letter}": share for letter, share in zip("ABCDE", (0.5, 0.2, 0.15, 0.1, 0.05), strict=True)
}
MESS = {None: 0.7, "Not  Applicable": 0.28, "b(6), b(7)c": 0.02}
# columns that only some rows fill, the values and the share of rows filled
SPARSE = {
    "entry_status": ({"EWI": 0.8, "Not Applicable": 0.2}, 0.6),
    "felon": ({"Aggravated Felon": 0.1, "Not an Aggravated Felon": 0.9}, 0.5),
    "processing_disposition": ({"Detainer": 1.0}, 1.0),
    "case_category": ({"[8B] Excludable / Inadmissible": 0.5, "[3] Deportable": 0.5}, 0.6),
    "arrest_time_case_category": ({"[3] Deportable": 1.0}, 0.5),
    "arrest_time_current_program": ({"ERO Criminal Alien Program": 1.0}, 0.9),
    "apprehension_method": ({"CAP Local Incarceration": 0.8, "CAP State Incarceration": 0.2}, 0.9),
    "tod_current_duty_site": ({"SYNTHETIC DUTY SITE": 1.0}, 0.9),
    **dict.fromkeys(
        (
            "final_order_yes_no", "prior_felony_yes_no", "multiple_prior_misd_yes_no", "violent_misdemeanor_yes_no",
            "illegal_entry_yes_no", "illegal_reentry_yes_no", "immigration_fraud_yes_no", "significant_risk_yes_no",
            "other_removal_reason_yes_no", "criminal_street_gang_yes_no", "aggravated_felony_yes_no",
            "deportation_ordered_yes_no", "order_show_cause_served_yes_no", "biometric_match_yes_no",
            "statements_made_yes_no", "unlawful_attempt_yes_no", "unlawful_entry_yes_no", "visa_yes_no",
            "federal_interest_yes_no", "resume_custody_yes_no", "active_investigation_yes_no",
            "notify_release_request_yes_no",
        ),
        (YES_NO, 0.7),
    ),
}  # fmt: skip


def drawn(shares: dict, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n values drawn with the given shares."""
    labels = np.empty(len(shares), dtype=object)
    labels[:] = list(shares)
    share = np.array(list(shares.values()), dtype=float)
    return labels[rng.choice(len(labels), n, p=share / share.sum())]
