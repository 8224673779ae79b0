package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

func newMFACommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:   "mfa [PROFILE|SERIAL]",
		Short: "Print the code that an MFA device shows",
		Long: `Print the code that an MFA device of a running environment shows now, by the clock of STS (see ` + "`eksemu clock`" + `):
the device of a user, the one that a role's profile asks for (its mfa_serial), or the one with a serial number. Without
an argument, list all devices.

  aws sts get-session-token --serial-number arn:aws:iam::111122223333:mfa/trurls-phone --token-code "$(eksemu mfa trurl)"
  eksemu mfa my-admin-role    # what to type when the profile asks for a code

Users get their devices with mfaDevices in the environment file.`,
		Args: cobra.MaximumNArgs(1),
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		codes, err := ask(cmd, name, (*emulator.Client).MFACodes)
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return app.printMFACodes(codes, output)
		}
		code, err := mfaCodeOf(codes, args[0])
		if err != nil {
			return exitWith(ExitMismatch, err)
		}
		if output.json() {
			return app.printJSON(code)
		}
		fmt.Fprintln(app.Out, code.Code)
		return nil
	}
	return command
}

// mfaCodeOf finds the one device that a serial number, a user or a role's profile stands for.
func mfaCodeOf(codes []emulator.MFACode, which string) (emulator.MFACode, error) {
	var found []emulator.MFACode
	for _, code := range codes {
		if code.SerialNumber == which {
			return code, nil
		}
		if code.User == which || slices.Contains(code.Profiles, which) {
			found = append(found, code)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return emulator.MFACode{}, fmt.Errorf("%q is neither a user with an MFA device, nor a role with an mfaSerial, nor a serial number: `eksemu mfa` lists the devices", which)
	}
	var serials []string
	for _, code := range found {
		serials = append(serials, code.SerialNumber)
	}
	return emulator.MFACode{}, fmt.Errorf("%s has %d MFA devices: give the serial number of one, %s", which, len(found), strings.Join(serials, " or "))
}

func (app *App) printMFACodes(codes []emulator.MFACode, output *outputFlag) error {
	if output.json() {
		return app.printJSON(codes)
	}
	if len(codes) == 0 {
		fmt.Fprintln(app.ErrOut, "no user has an MFA device: give one mfaDevices in the environment file (`eksemu config init` shows how)")
		return nil
	}
	w := tabwriter.NewWriter(app.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "USER\tSERIAL\tCODE\tSECONDS LEFT")
	for _, code := range codes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", code.User, code.SerialNumber, code.Code, code.SecondsLeft)
	}
	return w.Flush()
}
