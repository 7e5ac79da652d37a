"""Patients as a clinic knows them: who they are, their fractures, densities and exposures, as tables."""
